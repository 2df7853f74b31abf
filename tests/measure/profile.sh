#!/usr/bin/env bash
# Where a request's processor time goes: tests/measure/profile.sh [smol|std]. Needs SIPp and perf. The clock is sampled,
# so that it works where a machine has no counters; each sample counts for the innermost function that is ours or a
# library's of known purpose, inlined ones included.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly SHELL_NAME=${1:-smol}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cargo bench --quiet --package "ctigate-$SHELL_NAME" --bench process -- look >"$folder/said" &
measuring=$!
until grep --quiet ' ' "$folder/said" 2>/dev/null; do sleep 0.1; done
read -r program process <"$folder/said"
perf record --quiet --freq 4000 --event cpu-clock --pid "$process" --output "$folder/data" 2>"$folder/log" || true
wait "$measuring"
tail -1 "$folder/said"
perf script --input "$folder/data" --show-mmap-events --fields comm,ip,sym,dso 2>/dev/null >"$folder/samples"
# A place in memory less `base` is a place in the program's file; its text is loaded as the file's segments say.
base=$(awk -v name="$program" '/PERF_RECORD_MMAP/ && index($0, name) && /r-xp/ {
    match($0, /\[0x[0-9a-f]+\(0x[0-9a-f]+\) @ (0x)?[0-9a-f]+/); text = substr($0, RSTART, RLENGTH)
    split(text, part, /[\[(@ )]+/); print part[2], part[4]; exit }' "$folder/samples")
delta=$(readelf --program-headers --wide "$program" |
    awk '/LOAD/ && /R E/ { print $2, $3; exit }')
awk -v name="$program" '!/PERF_RECORD/ && index($0, name) { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9a-f]+$/) { print $i; break } }' \
    "$folder/samples" >"$folder/places"
perl -e 'my ($start, $offset, $file, $memory) = map { hex } @ARGV[0..3]; open my $in, "<", $ARGV[4];
    while (<$in>) { chomp; printf "%x\n", hex($_) - $start + $offset - $file + $memory }' \
    $base $delta "$folder/places" >"$folder/addresses"
sort "$folder/addresses" | uniq -c >"$folder/counted"
awk '{ print $2 }' "$folder/counted" | addr2line --exe "$program" --inlines --addresses >"$folder/lines"
perl - "$folder/counted" "$folder/lines" "$folder/samples" "$program" <<'END'
my ($counted, $lines, $samples, $program) = @ARGV;
my @kinds = (
    ['framing', qr{wire/sip/framer|wire/csta_frame}], ['emission', qr{wire/\w+/emit|core/src/action|user_agent/answering}],
    ['XML', qr{roxmltree|wire/csta}], ['SIP', qr{wire/sip}], ['link', qr{core/src/cti/|engine/(cti|answers)}],
    ['session', qr{core/src/}], ['log', qr{host/src/record/(lines|log|console|utc)}],
    ['shell', qr{shell-|async-|polling|/smol|futures|event-listener|rustix|concurrent-queue|parking}],
);
my (%of, %general, %sum, $at, $all);
open my $in, '<', $lines;
while (<$in>) {
    if (/^0x0*([0-9a-f]+)/) { $at = $1; next }
    my $here = m{/rustc/|memchr-} ? 'searching and comparing text' : m{siphasher|hashbrown} ? 'keyed hashes' : '';
    for my $kind (@kinds) { if (!$here && $_ =~ $kind->[1]) { $of{$at} //= $kind->[0]; last } }
    $general{$at} //= $here if $here;
}
open $in, '<', $counted;
while (<$in>) { my ($count, $place) = split; $sum{$of{$place} // $general{$place} // 'other'} += $count; }
open $in, '<', $samples;
while (<$in>) {
    next if /PERF_RECORD/;
    $all++;
    next if index($_, $program) >= 0;
    if (/kernel|\[k\]|vdso/) { $sum{'system calls'}++ } elsif (/alloc|free|_int_|unlink_chunk|consolidate/) { $sum{'allocation'}++ }
    elsif (/mem(move|cpy|cmp|set)/) { $sum{'copying'}++ } else { $sum{'other'}++ }
}
printf "%-24s %5.1f %%\n", $_, 100 * $sum{$_} / $all for sort { $sum{$b} <=> $sum{$a} } keys %sum;
END
