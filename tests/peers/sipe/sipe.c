/* Runs SIPE, the open client for remote call control, without a window: libpurple with no user interface.
 *
 *   sipe USER-DIRECTORY SERVER:PORT USER@DOMAIN
 *
 * Signs in over TCP, then obeys lines from standard input: "call NUMBER" and "sign-out". Everything SIPE says while it
 * works (its debug output) goes to standard output. Ends when it has signed out or its standard input ends. */

#include <dlfcn.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <purple.h>

#define PROTOCOL "prpl-sipe"

static GMainLoop *loop;
static PurpleAccount *account;

/* libpurple asks its program for an event loop; GLib's serves. */

struct watch {
    PurpleInputFunction function;
    gpointer data;
};

static gboolean watch_ready(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    struct watch *watch = data;
    PurpleInputCondition ready = 0;

    if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
        ready |= PURPLE_INPUT_READ;
    if (condition & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL))
        ready |= PURPLE_INPUT_WRITE;
    watch->function(watch->data, g_io_channel_unix_get_fd(channel), ready);
    return TRUE;
}

static guint watch_add(int descriptor, PurpleInputCondition wanted, PurpleInputFunction function, gpointer data)
{
    struct watch *watch = g_new0(struct watch, 1);
    GIOCondition condition = 0;
    GIOChannel *channel = g_io_channel_unix_new(descriptor);
    guint source;

    watch->function = function;
    watch->data = data;
    if (wanted & PURPLE_INPUT_READ)
        condition |= G_IO_IN | G_IO_HUP | G_IO_ERR;
    if (wanted & PURPLE_INPUT_WRITE)
        condition |= G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL;
    source = g_io_add_watch_full(channel, G_PRIORITY_DEFAULT, condition, watch_ready, watch, g_free);
    g_io_channel_unref(channel);
    return source;
}

static PurpleEventLoopUiOps event_loop = {
    .timeout_add = g_timeout_add,
    .timeout_remove = g_source_remove,
    .input_add = watch_add,
    .input_remove = g_source_remove,
    .timeout_add_seconds = g_timeout_add_seconds,
};

static PurpleCoreUiOps core;

/* Click-to-call is a function of the plug-in, which its own windows call with what it keeps for the connection. */
static void call(const char *number)
{
    PurplePlugin *plugin = purple_plugins_find_with_id(PROTOCOL);
    PurpleConnection *connection = purple_account_get_connection(account);
    void *library = dlopen(plugin->path, RTLD_NOW);
    void (*make_call)(void *sipe, const gchar *number);

    if (!library || !connection) {
        fprintf(stderr, "cannot call: %s\n", library ? "not signed in" : dlerror());
        exit(1);
    }
    *(void **)&make_call = dlsym(library, "sipe_core_buddy_make_call");
    if (!make_call) {
        fprintf(stderr, "cannot call: %s\n", dlerror());
        exit(1);
    }
    make_call(purple_connection_get_protocol_data(connection), number);
}

static gboolean command(GIOChannel *channel, GIOCondition condition, gpointer unused)
{
    gchar *line = NULL;

    (void)condition;
    (void)unused;
    if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
        g_main_loop_quit(loop);
        return FALSE;
    }
    g_strstrip(line);
    if (g_str_has_prefix(line, "call ")) {
        call(line + strlen("call "));
    } else if (strcmp(line, "sign-out") == 0) {
        purple_account_disconnect(account);
        g_main_loop_quit(loop);
    } else {
        fprintf(stderr, "unknown command: %s\n", line);
        exit(1);
    }
    g_free(line);
    return TRUE;
}

static void sign_in(const char *server, const char *user)
{
    gchar *login = g_strdup_printf("%s,%.*s", user, (int)strcspn(user, "@"), user);

    account = purple_account_new(login, PROTOCOL);
    g_free(login);
    purple_account_set_password(account, "any");
    purple_account_set_string(account, "server", server);
    purple_account_set_string(account, "transport", "tcp");
    purple_account_set_string(account, "authentication", "ntlm");
    /* No search for a calendar server: the machine's loopback is all there is. */
    purple_account_set_bool(account, "dont-publish", TRUE);
    purple_accounts_add(account);
    purple_account_set_enabled(account, purple_core_get_ui(), TRUE);
    purple_savedstatus_activate(purple_savedstatus_new(NULL, PURPLE_STATUS_AVAILABLE));
}

int main(int count, char **arguments)
{
    GIOChannel *input;

    if (count != 4) {
        fprintf(stderr, "usage: sipe USER-DIRECTORY SERVER:PORT USER@DOMAIN\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    loop = g_main_loop_new(NULL, FALSE);
    purple_util_set_user_dir(arguments[1]);
    purple_debug_set_enabled(TRUE);
    purple_core_set_ui_ops(&core);
    purple_eventloop_set_ui_ops(&event_loop);
    if (!purple_core_init("ctigate-test")) {
        fprintf(stderr, "libpurple does not start\n");
        return 1;
    }
    if (!purple_plugins_find_with_id(PROTOCOL)) {
        fprintf(stderr, "libpurple finds no SIPE: install the package pidgin-sipe\n");
        return 1;
    }
    purple_set_blist(purple_blist_new());
    purple_prefs_load();

    input = g_io_channel_unix_new(0);
    g_io_add_watch(input, G_IO_IN | G_IO_HUP, command, NULL);
    sign_in(arguments[2], arguments[3]);
    g_main_loop_run(loop);
    purple_core_quit();
    return 0;
}
