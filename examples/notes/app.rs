//! A small app: main, a preload and a page, in processes of their own, the renderer's in a sandbox.
//!
//! The page sends a note, asks for all notes, is told of new ones by main, stops listening, and is refused a channel that the preload
//! does not let through, and a note that is none. `cargo run --example notes [transport]` runs it.

use ipcmark::codec::Value;
use ipcmark::electron::policy::{Channels, Checks, Origins, Policy, Rules, Whitelist};
use ipcmark::electron::schema::{Rule, Schema, Schemas};
use ipcmark::electron::{App, Error, Options, Page, Scripts, WindowOptions};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// What the preload lets through, each verb with its own list of whole names; whom main hears, and what it takes from them.
fn checks() -> Checks {
    let text = |max| Schema::arguments([Rule::text(1, max)]);
    let schemas = [
        ("notes:add", text(80)),
        ("notes:stir", text(80)),
        ("notes:say", text(200)),
        ("notes:all", Schema::arguments([])),
    ];
    let rules = Rules {
        whitelist: Whitelist {
            send: Channels::new(["notes:add", "notes:say", "notes:stir"]),
            invoke: Channels::new(["notes:all"]),
            receive: Channels::new(["notes:added"]),
        },
        origins: Origins::new(["app://index"]).unwrap_or_default().in_main_frames(),
        schemas: Schemas::new(
            schemas.into_iter().filter_map(|(channel, schema)| Some((channel, schema.ok()?))),
        ),
    };
    Checks::new(Policy::ValidateBoth, rules)
}

/// The page, which has no console: it says its lines to main.
fn page(page: &Page) {
    if let Err(error) = visit(page) {
        let _ = say(page, &format!("failed: {error}")); // main sees what is missing
    }
    page.close();
}

fn say(page: &Page, line: &str) -> Result<Value, Value> {
    page.call("notes.send", ["notes:say", line])
}

fn visit(page: &Page) -> Result<(), Value> {
    page.call("notes.send", ["notes:add", "buy milk"])?;
    let notes = page.call("notes.invoke", ["notes:all"])?;
    say(page, &format!("{} note so far", notes.len()))?;
    // The window ends with this function, so what main sends is waited for by asking main something: it comes before the answer.
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let listener = Value::function(move |args| {
        tell.lock().unwrap_or_else(PoisonError::into_inner).extend(args);
        Ok(Value::UNDEFINED)
    });
    let heard = || std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    let unsubscribe = page.call("notes.on", (Value::from("notes:added"), listener))?;
    page.call("notes.send", ["notes:stir", "call Ada"])?;
    page.call("notes.invoke", ["notes:all"])?;
    say(page, &format!("told of `{}`", Value::array(heard())))?;
    unsubscribe.as_function().map(|unsubscribe| unsubscribe.call(Vec::new())).transpose()?;
    page.call("notes.send", ["notes:stir", "call Grace"])?;
    page.call("notes.invoke", ["notes:all"])?;
    say(page, &format!("told of {}", if heard().is_empty() { "nothing more" } else { "too much" }))?;
    for refused in [[Value::from("notes:delete-all"), 1.into()], [Value::from("notes:add"), 1.into()]] {
        match page.call("notes.send", refused) {
            Err(refusal) => say(page, &format!("refused: {refusal}"))?,
            Ok(_) => say(page, "let through what it must not")?,
        };
    }
    Ok(())
}

/// What its renderers run.
pub(crate) fn scripts() -> Scripts {
    Scripts::new().window("notes", |preload| preload.guard("notes", checks()).map(drop), page)
}

/// Main: runs until the window closes.
///
/// # Errors
/// If the app cannot be started.
pub(crate) fn run(transport: &str, out: &mut dyn Write) -> Result<(), Error> {
    let app = App::new(&scripts(), Options { checks: checks(), ..Options::new(transport) })?;
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
