//! S17 and S23: what one window cannot do to another one.

use super::{Case, Stage};
use ipcmark::electron::{IpcRenderer, Renderers, WebPreferences, WindowOptions};
use std::cell::Cell;
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "s17_a_window_that_floods_starves_no_other", main: flood_main, page: flood_page },
    Case { name: "s23_a_renderer_inherits_no_descriptor_of_another", main: inherit_main, page: inherit_page },
];

/// Electron has no quota: what a window sends waits in main's queue. But every window's turn comes.
fn flood_main(stage: &Stage) {
    let served = Rc::new(Cell::new(false));
    let (done, more) = (Rc::clone(&served), Rc::clone(&served));
    let ipc = stage.app.ipc_main();
    ipc.handle("which", |event, _| Ok(event.sender().id().into())).expect("the first");
    ipc.handle("more", move |_, _| Ok((!more.get()).into())).expect("the first");
    ipc.on("served", move |_, _| done.set(true));
    let windows = stage.app.open_all(vec![stage.options(), stage.options()]).expect("windows");
    // The first one floods until the second one has been served: were that never, this would end with the limit.
    stage.until("the end", || windows.iter().all(|window| window.is_destroyed()));
    assert!(served.get());
}

fn flood_page(ipc: IpcRenderer) {
    let floods = ipc.invoke("which", ()).wait().expect("a number").as_f64() == Some(1.0);
    if floods {
        while ipc.invoke("more", ()).wait().expect("an answer").as_bool() == Some(true) {
            (0..500).for_each(|number| ipc.send("flood", [number]).expect("sent"));
        }
    } else {
        (0..50).for_each(|_| drop(ipc.invoke("which", ()).wait().expect("an answer")));
        ipc.send("served", ()).expect("sent");
    }
    ipc.close_window();
}

fn inherit_main(stage: &Stage) {
    if stage.renderers == Renderers::Threads {
        return; // they have all descriptors in common
    }
    stage.app.on_window_all_closed(|| ()); // or the app would quit
    let preferences = WebPreferences { sandbox: false, ..stage.options().preferences };
    let options = || WindowOptions { preferences, ..stage.options() };
    let first = stage.open_as(options());
    stage.until_told(1);
    // Links, ports and control channels of the first one are open in main by now.
    let channel = stage.app.message_channel().expect("a channel");
    first.web_contents().expect("a window").post_message("port", 0, &[channel.port2]).expect("sent");
    channel.port1.start();
    let second = stage.open_as(options());
    let told = stage.until_told(2);
    assert_eq!(told[0], told[1]);
    for window in [first, second] {
        window.close();
        stage.until("the end", || window.is_destroyed());
    }
}

/// Tells how many descriptors the process has, of each kind.
fn inherit_page(ipc: IpcRenderer) {
    let kind = |entry: std::io::Result<std::fs::DirEntry>| {
        let target = std::fs::read_link(entry.ok()?.path()).ok()?;
        // Numbers of sockets and pipes are their own; `/proc/<pid>/fd` is the list that is being read.
        let text = target.to_string_lossy().into_owned();
        Some(text.split(|c: char| c == '[' || c.is_ascii_digit()).next()?.to_owned())
    };
    let mut kinds: Vec<String> =
        std::fs::read_dir("/proc/self/fd").expect("a list").filter_map(kind).collect();
    kinds.sort();
    ipc.send("tell", [kinds.join(" ")]).expect("sent");
}
