//! A small app: main, a preload and a page, in processes of their own.
//!
//! The page sends a note, asks for all notes, is told of new ones by main, stops listening, and is refused a channel that the preload
//! does not let through. `cargo run --example notes [transport]`

use ipcmark::codec::Value;
use ipcmark::electron::{
    App, Error, IpcRenderer, ListenerId, Options, Scripts, WebPreferences, WindowOptions, enter_if_child,
};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// What it writes.
#[allow(dead_code, reason = "for the test that runs this")]
pub(crate) const OUTPUT: &str = "\
main: noted `buy milk`
page: 1 note so far
page: told of `call Ada`
page: told of nothing more
page: refused: the channel `notes:delete-all` is not exposed
main: the window has closed
";

/// What the preload lets through: each verb has its own list, and names are whole names.
const SEND: &[&str] = &["notes:add", "notes:say", "notes:stir"];
const INVOKE: &[&str] = &["notes:all"];
const RECEIVE: &[&str] = &["notes:added"];

/// What the page sees: not `ipcRenderer`, but what may be done with it.
pub(crate) struct Bridge(IpcRenderer);

fn allowed(list: &[&str], channel: &str) -> Result<(), String> {
    if list.contains(&channel) { Ok(()) } else { Err(format!("the channel `{channel}` is not exposed")) }
}

impl Bridge {
    fn send(&self, channel: &str, note: &str) -> Result<(), String> {
        allowed(SEND, channel)?;
        self.0.send(channel, [note]).map_err(|error| error.to_string())
    }

    fn invoke(&self, channel: &str) -> Result<Value, String> {
        allowed(INVOKE, channel)?;
        self.0.invoke(channel, ()).wait().map_err(|error| error.to_string())
    }

    /// The listener gets the note alone, no event: an event has a `sender`, which is `ipcRenderer`.
    fn receive(&self, channel: &str, listener: impl Fn(&str) + 'static) -> Result<ListenerId, String> {
        allowed(RECEIVE, channel)?;
        let listener =
            move |_: &_, args: &ipcmark::electron::Args| listener(args.text(0).unwrap_or_default());
        self.0.on(channel, listener).map_err(|error| error.to_string())
    }

    fn unsubscribe(&self, channel: &str, id: ListenerId) {
        self.0.off(channel, id);
    }
}

fn preload(ipc: IpcRenderer, _: &WebPreferences) -> Bridge {
    Bridge(ipc)
}

/// The page, which has no console: it says its lines to main.
fn page(api: Bridge) {
    if let Err(error) = visit(&api) {
        let _ = api.send("notes:say", &format!("failed: {error}")); // main sees what is missing
    }
    api.0.close_window();
}

fn visit(api: &Bridge) -> Result<(), String> {
    api.send("notes:add", "buy milk")?;
    let notes = api.invoke("notes:all")?;
    api.send("notes:say", &format!("{} note so far", notes.len()))?;
    // The window ends with this function, so what main sends is waited for by asking main something: it comes before the answer.
    let (told, teller) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
    let keep = Rc::clone(&teller);
    let id = api.receive("notes:added", move |note| keep.borrow_mut().push(note.to_owned()))?;
    api.send("notes:stir", "call Ada")?;
    api.invoke("notes:all")?;
    told.borrow_mut().append(&mut teller.borrow_mut());
    api.send("notes:say", &format!("told of `{}`", told.borrow().join("`, `")))?;
    api.unsubscribe("notes:added", id);
    api.send("notes:stir", "call Grace")?;
    api.invoke("notes:all")?;
    let more = if teller.borrow().is_empty() { "nothing more" } else { "too much" };
    api.send("notes:say", &format!("told of {more}"))?;
    match api.send("notes:delete-all", "") {
        Err(refusal) => api.send("notes:say", &format!("refused: {refusal}")),
        Ok(()) => Err("a channel that is not exposed was let through".to_owned()),
    }
}

/// What its renderers run.
pub(crate) fn scripts() -> Scripts {
    Scripts::new().window("notes", preload, page)
}

/// Main: runs until the window closes.
///
/// # Errors
/// If the app cannot be started.
pub(crate) fn run(transport: &str, out: &mut dyn Write) -> Result<(), Error> {
    let app = App::new(&scripts(), Options::new(transport))?;
    let (lines, notes) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
    let ipc = app.ipc_main();
    let (say, all) = (Rc::clone(&lines), Rc::clone(&notes));
    ipc.on("notes:add", move |_, args| {
        let note = args.text(0).unwrap_or_default().to_owned();
        say.borrow_mut().push(format!("main: noted `{note}`"));
        all.borrow_mut().push(note);
    });
    let say = Rc::clone(&lines);
    ipc.on("notes:say", move |_, args| {
        say.borrow_mut().push(format!("page: {}", args.text(0).unwrap_or_default()))
    });
    ipc.on("notes:stir", |event, args| event.reply("notes:added", [args.value(0)]).map(drop));
    let all = Rc::clone(&notes);
    ipc.handle("notes:all", move |_, _| Ok(all.borrow().clone().into()))?;
    let say = Rc::clone(&lines);
    let window = app.open(WindowOptions::new("notes"))?;
    window.on_closed(move || say.borrow_mut().push("main: the window has closed".to_owned()));
    app.run();
    for line in lines.borrow().iter() {
        writeln!(out, "{line}").map_err(|error| Error::Start(error.to_string()))?;
    }
    Ok(())
}

#[allow(dead_code, reason = "the test that runs this has its own")]
fn main() -> Result<(), Error> {
    enter_if_child(&scripts());
    let transport = std::env::args().nth(1);
    run(transport.as_deref().unwrap_or("shm"), &mut std::io::stdout())
}
