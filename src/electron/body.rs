//! What a renderer runs in, and main's hold on it.

use super::contents::RenderProcessGone;
use super::hub::Out;
use super::post::{LinkId, Word};
use crate::sys::control::Control;
use crate::sys::process::{Ending, Process, own_pid};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a process that has said goodbye, or whose link is closed, may take to end.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// What a renderer runs in.
#[derive(Debug)]
pub(super) enum Body {
    Thread(Option<JoinHandle<()>>),
    Process(Process),
}

/// Main's hold on one renderer.
pub(super) struct Connection {
    pub(super) out: Arc<Out>,
    pub(super) link: LinkId,
    pub(super) control: Control,
    pub(super) body: Body,
}

impl Connection {
    pub(super) fn say(&self, word: &Word) {
        let _ = self.control.send(word); // who is gone hears nothing
    }

    pub(super) fn pid(&self) -> u32 {
        let pid = match &self.body {
            Body::Thread(_) => own_pid(),
            Body::Process(process) => process.pid(),
        };
        pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Ends a process at once. A thread cannot be ended.
    pub(super) fn kill(&self) {
        if let Body::Process(process) = &self.body {
            process.kill();
        }
    }

    /// Waits for the end of one that is ending and says how it came.
    pub(super) fn bury(&mut self) -> RenderProcessGone {
        let (reason, exit_code) = match &mut self.body {
            Body::Thread(thread) => match thread.take().map(JoinHandle::join) {
                Some(Err(_)) => ("crashed", 1),
                _ => ("clean-exit", 0),
            },
            Body::Process(process) => {
                let ending = process.reap(LAST_BREATH).or_else(|| {
                    process.kill();
                    process.reap(LAST_BREATH)
                });
                match ending {
                    Some(Ending::Code(0)) => ("clean-exit", 0),
                    Some(Ending::Code(code)) => ("abnormal-exit", code),
                    Some(Ending::Signal(signal @ (9 | 15))) => ("killed", signal),
                    Some(Ending::Signal(signal)) => ("crashed", signal),
                    Some(Ending::Unknown) | None => ("abnormal-exit", 1),
                }
            }
        };
        RenderProcessGone { reason, exit_code }
    }

    /// Lets a thread be that is not to be listened to any more, and ends a process.
    pub(super) fn abandon(&mut self) {
        match &mut self.body {
            Body::Thread(thread) => drop(thread.take()),
            Body::Process(process) => {
                process.kill();
                process.reap(LAST_BREATH);
            }
        }
    }
}
