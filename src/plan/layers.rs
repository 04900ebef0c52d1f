//! The layers of a model, one by one: what lies between a bare link and all of a preset.

use super::case::Model;
use super::variable::{VARIABLES, Variable, word};
use crate::electron::model::{Copies, Topology};

/// One layer more than the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The variable, or what stands for one, and its value.
    pub name: String,
    /// The layer on top of all before it.
    pub whole: Model,
    /// The layer alone on top of the first one.
    pub alone: Model,
}

/// In the order in which a message meets them, as far as one can be had without the next.
const ORDER: [&str; 8] =
    ["topology", "hops", "codec", "isolation", "policy", "copies", "sandbox", "main_busy"];

/// What surrounds a message anyway, once there is anything: a frame with a header, and handlers by channel.
const DISPATCH: &str = "dispatch";

/// The layers of `model`, each on top of the one before; the last is the model itself. The bare link is none of them.
pub fn layers(model: &Model) -> Vec<Layer> {
    let bare = bare(model);
    if model.settings().is_bare() && model.sandbox == bare.sandbox {
        return Vec::new();
    }
    // The least there can be: bytes as they are, in a buffer that is kept, read in place.
    let least = Model { copies: Copies::InPlace, ..bare.clone() };
    let mut layers = vec![Layer { name: DISPATCH.to_owned(), whole: least.clone(), alone: least.clone() }];
    for variable in ORDER.iter().filter_map(|name| VARIABLES.iter().find(|variable| variable.name == *name)) {
        let with = |model_before: &Model| {
            let mut next = model_before.clone();
            variable.set(&mut next, &(variable.get)(model));
            if variable.name == "codec" {
                next.shape = model.shape; // raw bytes have one shape only
            }
            next
        };
        let before = &layers[layers.len() - 1].whole;
        let whole = with(before);
        if whole != *before {
            layers.push(Layer { name: name(variable, model), whole, alone: with(&least) });
        }
    }
    layers
}

/// The link of a model, without any layer.
pub fn bare(model: &Model) -> Model {
    let default = Model::default();
    let Model { shape, codec, isolation, policy, hops, copies, sandbox, main_busy, .. } = default;
    // A frame that main hands on is no layer around a link: it is two links.
    let topology = if model.topology == Topology::Port { Topology::Direct } else { model.topology };
    Model { shape, codec, isolation, policy, hops, copies, sandbox, main_busy, topology, ..model.clone() }
}

fn name(variable: &Variable, model: &Model) -> String {
    let shape = if variable.name == "codec" && model.shape.is_text() {
        format!(", shape={}", word(model.shape))
    } else {
        String::new()
    };
    format!("{}={}{shape}", variable.name, (variable.get)(model))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Preset;

    #[test]
    fn layers_end_with_the_model_and_differ_by_one_thing() {
        for preset in ["electron-default", "electron-hardened", "electron-legacy", "vscode"] {
            let model = Preset::named(preset).unwrap().model();
            let layers = layers(&model);
            assert_eq!(layers.last().unwrap().whole, model, "{preset}");
            assert_eq!(layers[0].name, DISPATCH);
            assert!(bare(&model).settings().is_bare());
            for pair in layers.windows(2) {
                let differ =
                    VARIABLES.iter().filter(|v| (v.get)(&pair[0].whole) != (v.get)(&pair[1].whole)).count();
                assert_eq!(differ, 1, "{preset}: {}", pair[1].name);
            }
        }
        assert!(layers(&Preset::named("bare").unwrap().model()).is_empty());
    }
}
