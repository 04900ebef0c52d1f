//! A.5: order.

use super::{Case, Stage};
use ipcmark::codec::Value;
use ipcmark::electron::{Args, IpcRenderer};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(super) const CASES: &[Case] = &[
    Case { name: "a5_all_verbs_are_one_stream", main: mixed_main, page: mixed_page },
    Case { name: "a5_replies_as_handlers_give_them", main: replies_main, page: replies_page },
    Case { name: "a5_main_to_one_frame_in_order", main: down_main, page: down_page },
    Case { name: "s18_both_flood_and_nobody_locks_up", main: flood_main, page: flood_page },
];

const MESSAGES: u32 = 1000;

fn mixed_main(stage: &Stage) {
    let next = Rc::new(Cell::new(0.0));
    let see = move |args: &Args| {
        // What is posted comes as one value, all else as an array of one: to listeners it is the same.
        let number = args.number(0).expect("a number");
        assert_eq!(next.replace(number + 1.0), number);
        Value::from(number)
    };
    let ipc = stage.app.ipc_main();
    let listen = see.clone();
    ipc.on("on", move |event, args| event.return_value(listen(args)));
    let window = stage.open();
    let contents = window.web_contents().expect("a window");
    let host = see.clone();
    contents.on_message_to_host(move |_, args| drop(host(args)));
    ipc.handle("handle", move |_, args| Ok(see(&args))).expect("the first");
    contents.send("go", ()).expect("a window");
    stage.until("the end", || window.is_destroyed());
    assert_eq!((stage.told(), stage.log()), (vec!["done".to_owned()], vec![]));
}

fn mixed_page(ipc: IpcRenderer) {
    let go = move |_: &_, _: &Args| {
        let mut random = 1_u32;
        for number in 0..MESSAGES {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match (random >> 16) % 5 {
                0 => ipc.send("on", [number]).expect("sent"),
                1 => ipc.post_message("on", number, &[]).expect("sent"),
                2 => assert_eq!(ipc.send_sync("on", [number]), Ok(Value::from(number))),
                3 => ipc.send_to_host("on", [number]).expect("sent"),
                _ => drop(ipc.invoke("handle", [number])),
            }
        }
        ipc.send("tell", ["done"]).expect("sent");
        ipc.close_window();
    };
    ipc.on("go", go).expect("a page");
}

fn replies_main(stage: &Stage) {
    let kept = RefCell::new(Vec::new());
    stage
        .app
        .ipc_main()
        .handle_later("last", move |_, args, reply| {
            kept.borrow_mut().push((args.value(0), reply));
            if kept.borrow().len() == 3 {
                // Handlers began in order; they end in the opposite one.
                kept.take().into_iter().rev().for_each(|(value, reply)| reply.resolve(&value));
            }
        })
        .expect("the first");
    assert_eq!(stage.play(), ["3", "2", "1"]);
}

fn replies_page(ipc: IpcRenderer) {
    let left = Rc::new(Cell::new(3));
    for number in 1..=3 {
        let left = Rc::clone(&left);
        ipc.invoke("last", [number]).then(move |answer| {
            ipc.send("tell", [answer.expect("an answer").to_string()]).expect("sent");
            left.set(left.get() - 1);
            if left.get() == 0 {
                ipc.close_window();
            }
        });
    }
}

fn down_main(stage: &Stage) {
    stage.app.ipc_main().on("go", |event, _| {
        for number in 0..MESSAGES {
            match number % 3 {
                0 => event.sender().send("a", [number]).expect("a window"),
                1 => assert_eq!(event.reply("a", [number]), Ok(true)),
                _ => event.sender().post_message("a", number, &[]).expect("a window"),
            }
        }
    });
    assert_eq!(stage.play(), ["in order"]);
}

fn down_page(ipc: IpcRenderer) {
    let mut next = 0;
    let listen = move |_: &_, args: &Args| {
        assert_eq!(args.number(0), Some(f64::from(next)));
        next += 1;
        if next == MESSAGES {
            ipc.send("tell", ["in order"]).expect("sent");
            ipc.close_window();
        }
    };
    ipc.on("a", listen).expect("a page");
    ipc.send("go", ()).expect("sent");
}

/// More than any link holds, both ways at once: whoever sends does not wait for the other's code.
fn flood_main(stage: &Stage) {
    let chunk = || Value::bytes(vec![7; 64 << 10]);
    stage.app.ipc_main().on("up", move |event, _| event.sender().send("down", [chunk()]));
    stage.app.ipc_main().handle("answer", |_, args| Ok(args.value(0))).expect("the first");
    assert_eq!(stage.play(), ["200"]);
}

fn flood_page(ipc: IpcRenderer) {
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    ipc.on("down", move |_, _| counted.set(counted.get() + 1)).expect("a page");
    for _ in 0..200 {
        ipc.send("up", [Value::bytes(vec![7; 64 << 10])]).expect("sent");
    }
    assert!(ipc.run_until(|| count.get() == 200));
    ipc.send("tell", [count.get().to_string()]).expect("sent");
    ipc.close_window();
}
