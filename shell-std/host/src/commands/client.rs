use crate::arguments::*;
use crate::shell::Shell;
use crate::terminal::Terminal;
pub(super) fn client(_: &dyn Shell, _: ClientRequest, _: &mut Terminal<'_>) -> u8 {
    0
}
