//! The page in a browser: Chromium without a window, told by a script at the page's end what to do. What it finds it writes into the page,
//! which Chromium prints.

use super::{keep, trials};
use crate::support::program::Place;
use libtest_mimic::{Failed, Trial};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Where a browser must be found: set by the gate.
const REQUIRED: &str = "IPCMARK_BROWSER";
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

pub(super) fn tests() -> Vec<Trial> {
    let required = std::env::var_os(REQUIRED).is_some();
    let browser = browser();
    let name = match &browser {
        None if !required => "report::the page works in a browser (skipped: no Chromium on the PATH)",
        _ => "report::the page works in a browser",
    };
    let ignored = browser.is_none() && !required;
    let run = move || -> Result<(), Failed> {
        works(&browser.ok_or_else(|| format!("{REQUIRED} is set, and none of {NAMES:?} is on the PATH"))?);
        Ok(())
    };
    vec![Trial::test(name, run).with_ignored_flag(ignored)]
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|file| file.is_file())
}

/// Does what a reader does, and notes what came of it.
const SCRIPT: &str = r##"
(async () => {
  const found = [];
  const check = (what, is) => found.push(`${is ? "ok" : "WRONG"} ${what}`);
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()).length;
  const settle = () => new Promise((done) => setTimeout(done, 30));
  try {
    check("nothing was fetched", performance.getEntriesByType("resource").length === 0);
    const [figures, rows] = [shown("figure"), shown("#cases tbody tr")];
    check("all is shown at first", figures > 6 && rows === 12);

    const wait = document.querySelector("select[name=wait]");
    wait.value = "spin"; wait.dispatchEvent(new Event("change", { bubbles: true })); await settle();
    check("a filter hides charts and cases", shown("figure") < figures && shown("#cases tbody tr") === 6);
    check("it acts on the marks of charts that stay", document.querySelectorAll("figure:not([hidden]) .mark.faded").length > 0);
    check("and the rows of their tables", [...document.querySelectorAll("#timeline-1 tbody tr")].some((row) => row.hidden));
    check("links keep the filter", [...document.querySelectorAll("nav a")].every((link) => link.href.includes("wait=spin")));
    check("the address has it", location.hash.includes("wait=spin"));
    check("the count says so", document.getElementById("count").textContent.includes("6 of 12 cases"));
    location.hash = "#wait=block"; await settle();
    check("an address sets it", wait.value === "block" && shown("#cases tbody tr") === 6);
    document.querySelector("button[type=reset]").click(); await settle();
    check("all comes back", shown("figure") === figures && shown("#cases tbody tr") === 12);

    const head = [...document.querySelectorAll("#cases th")].findIndex((cell) => cell.textContent === "p50");
    const column = () => [...document.querySelectorAll("#cases tbody tr")].map((row) => Number(row.cells[head].dataset.sort));
    const button = document.querySelectorAll("#cases th button")[head];
    button.focus(); button.click();
    check("a column is sorted", column().every((value, n, all) => n === 0 || all[n - 1] <= value));
    button.click();
    check("and the other way", column().every((value, n, all) => n === 0 || all[n - 1] >= value));
    check("which is said to screen readers", button.closest("th").getAttribute("aria-sort") === "descending");

    const tip = document.getElementById("tip");
    const mark = document.querySelector("#latency-1 .mark .sign");
    mark.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    check("a mark says its value", !tip.hidden && /\d.*trials/.test(tip.textContent));
    document.body.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    check("and stops", tip.hidden);
    document.querySelector("#latency-1 svg").focus();
    const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    press("ArrowRight"); const first = tip.textContent; press("ArrowRight");
    check("arrow keys walk through marks", !tip.hidden && first && first !== tip.textContent);
    press("Escape");
    check("Escape ends it", tip.hidden);
    const link = document.querySelector("nav a[data-at=table]");
    link.click(); link.click();
    check("a link leads to its part, with the focus", document.activeElement.id === "table");
    check("every chart has a name", [...document.querySelectorAll("figure svg")].every((svg) => svg.getAttribute("aria-label")));
    check("every control has a name", [...document.querySelectorAll("select")].every((select) => select.labels.length === 1));
    const wide = document.documentElement.scrollWidth <= innerWidth;
    check("the page is no wider than the window", wide);
    const light = getComputedStyle(document.body).backgroundColor;
    check(`background ${light}`, true);
  } catch (error) {
    check(`no exception: ${error}`, false);
  }
  const list = document.createElement("pre");
  list.id = "found";
  list.textContent = "\n" + found.join("\n") + "\nend of findings";
  document.body.append(list);
})();
"##;

fn works(browser: &PathBuf) {
    let place = Place::new();
    keep(&place, "run", &trials());
    let page = place.output(&["report", "run", "--html", "-"]);
    place.write("page.html", &page);
    place.write("checked.html", page.replace("</body>", &format!("<script>{SCRIPT}</script></body>")));
    for (name, size, dark) in [("wide-light", "1280,900", false), ("narrow-dark", "400,900", true)] {
        let output = chromium(
            browser,
            &place,
            &["--dump-dom", "--virtual-time-budget=4000"],
            "checked.html",
            size,
            dark,
        );
        let page = String::from_utf8_lossy(&output.stdout);
        let found = page.split_once("<pre id=\"found\">").map_or("", |(_, found)| found);
        let found = found
            .split_once("end of findings")
            .unwrap_or_else(|| panic!("{name}: the script did not end: {page}"))
            .0;
        assert!(!found.contains("WRONG") && found.matches("ok ").count() > 15, "{name}: {found}");
        let background = if dark { "background rgb(20, 24, 28)" } else { "background rgb(255, 255, 255)" };
        assert!(found.contains(background), "{name}: {found}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("CONSOLE"), "{name}: nothing is said on the console: {said}");

        // Kept beside the build, for people to look at.
        let shot = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.png"));
        chromium(browser, &place, &[&format!("--screenshot={}", shot.display())], "page.html", size, dark);
        assert!(std::fs::metadata(&shot).is_ok_and(|file| file.len() > 10_000), "{}", shot.display());
    }
}

/// Opens a page of the working directory; without a network, in a profile of its own.
fn chromium(browser: &PathBuf, place: &Place, what: &[&str], page: &str, size: &str, dark: bool) -> Output {
    #[expect(clippy::disallowed_methods, reason = "a browser is no program of ours")]
    let mut command = Command::new(browser);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]);
    command.args([
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--enable-logging=stderr",
    ]);
    command
        .arg(format!("--window-size={size}"))
        .arg(format!("--user-data-dir={}", place.tmp().join(size).display()));
    command.arg(format!("--blink-settings=preferredColorScheme={}", if dark { 0 } else { 1 }));
    command.args(what).arg(format!("file://{}", place.path(page).display()));
    command.env("TMPDIR", place.tmp()).stdin(Stdio::null());
    command.output().expect("the browser")
}
