//! What both programs share and needs std: commands, configuration text, log, recorder.
