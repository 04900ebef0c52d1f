//! Axes: where a value lies between 0 and 1, and which values are written beside it.

/// How values are laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Linear,
    Log,
    /// For parts of 1 that come close to it: each further nine is as far as the last.
    Nines,
}

/// A value that is written beside an axis; without a label it has a thin line alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: Option<String>,
}

/// An axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    pub(super) label: String,
    pub(super) ticks: Vec<Tick>,
}

impl Axis {
    /// A logarithmic axis around positive values.
    pub(super) fn log(values: impl Iterator<Item = f64>, label: &str, write: fn(f64) -> String) -> Axis {
        let (low, high) = bounds(values.filter(|value| *value > 0.0));
        let (low, high) = (low / 1.2, high * 1.2);
        let decades = (high / low).log10();
        let labelled: &[f64] = match decades {
            d if d < 1.3 => &[1.0, 2.0, 3.0, 5.0],
            d if d < 3.2 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let mut ticks = Vec::new();
        for decade in low.log10().floor() as i32..=high.log10().ceil() as i32 {
            for digit in 1..10 {
                let at = f64::from(digit) * 10f64.powi(decade);
                if (low..=high).contains(&at) {
                    let named = labelled.contains(&f64::from(digit));
                    ticks.push(Tick { at, label: named.then(|| write(at)) });
                }
            }
        }
        Axis { scale: Scale::Log, low, high, label: label.to_owned(), ticks }
    }

    /// A logarithmic axis that names the given values and no others.
    pub(super) fn log_at(values: &[f64], label: &str, write: impl Fn(f64) -> String) -> Axis {
        let (low, high) = bounds(values.iter().copied());
        let ticks = values.iter().map(|&at| Tick { at, label: Some(write(at)) }).collect();
        Axis { scale: Scale::Log, low: low / 1.3, high: high * 1.3, label: label.to_owned(), ticks }
    }

    /// A logarithmic axis of ratios around 1, in percent.
    pub(super) fn changes(values: impl Iterator<Item = f64>, label: &str) -> Axis {
        let (low, high) = bounds(values.filter(|value| *value > 0.0));
        let margin = ((high / low).ln() * 0.06).exp();
        let (low, high) = (low / margin, high * margin);
        let steps: [f64; 10] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
        // The widest of a few that leaves room for the words.
        let least = (high / low).ln() / 9.0;
        let mut ticks = vec![Tick { at: 1.0, label: Some("no change".to_owned()) }];
        let mut last = 0.0f64;
        for step in steps.into_iter().filter(|step| step.ln_1p() >= least) {
            if step.ln_1p() - last >= least {
                last = step.ln_1p();
                let text = format!("{:.0} %", step * 100.0);
                ticks.push(Tick { at: 1.0 + step, label: Some(format!("+{text}")) });
                let down = (1.0 / (1.0 + step) - 1.0) * 100.0;
                ticks.push(Tick { at: 1.0 / (1.0 + step), label: Some(format!("−{:.0} %", -down)) });
            }
        }
        ticks.retain(|tick| (low..=high).contains(&tick.at));
        Axis { scale: Scale::Log, low, high, label: label.to_owned(), ticks }
    }

    /// A linear axis from 0.
    pub(super) fn linear(
        values: impl Iterator<Item = f64>,
        label: &str,
        write: impl Fn(f64) -> String,
    ) -> Axis {
        let (_, high) = bounds(values);
        let rough = high / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= rough);
        let step = step.unwrap_or(1.0);
        let ticks = (0..=(high / step).ceil() as u32)
            .map(|n| f64::from(n) * step)
            .filter(|at| *at <= high * 1.05)
            .map(|at| Tick { at, label: Some(write(at)) });
        let ticks = ticks.collect();
        Axis { scale: Scale::Linear, low: 0.0, high: high * 1.05, label: label.to_owned(), ticks }
    }

    /// Quantiles from the median up to `most`, as far apart as they are rare.
    pub(super) fn nines(most: f64, label: &str) -> Axis {
        let named = [
            (0.5, "50 %"),
            (0.9, "90 %"),
            (0.99, "99 %"),
            (0.999, "99.9 %"),
            (0.9999, "99.99 %"),
            (0.99999, "99.999 %"),
        ];
        let ticks = named.into_iter().filter(|(at, _)| *at <= most);
        let ticks = ticks.map(|(at, label)| Tick { at, label: Some(label.to_owned()) }).collect();
        Axis { scale: Scale::Nines, low: 0.4, high: most.max(0.9), label: label.to_owned(), ticks }
    }

    /// Where a value lies, from 0 to 1; what is beyond the ends is put there.
    pub(super) fn place(&self, value: f64) -> f64 {
        let laid_out = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Log => value.max(f64::MIN_POSITIVE).ln(),
            Scale::Nines => -(1.0 - value.min(0.999_999_9)).log10(),
        };
        let (low, high) = (laid_out(self.low), laid_out(self.high));
        ((laid_out(value) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

/// The least and the largest value; something around 1 if there are none, or only one.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match (low.is_finite(), low < high) {
        (false, _) => (0.5, 2.0),
        (_, false) if low > 0.0 => (low / 1.5, high * 1.5),
        (_, false) => (low, high + 1.0),
        _ => (low, high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::nanoseconds;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().filter_map(|tick| tick.label.clone()).collect()
    }

    #[test]
    fn ends_lie_inside_and_decades_are_named() {
        let axis = Axis::log([900.0, 95_000.0].into_iter(), "latency", nanoseconds);
        assert!(axis.place(900.0) > 0.0 && axis.place(95_000.0) < 1.0);
        assert_eq!(labels(&axis), ["1.00 µs", "3.00 µs", "10.0 µs", "30.0 µs", "100 µs"]);
        assert!((axis.place(9246.6) - 0.5).abs() < 0.01, "the geometric middle is in the middle");
    }

    #[test]
    fn each_nine_is_as_far_as_the_last() {
        let axis = Axis::nines(0.9999, "quantile");
        let steps: Vec<f64> =
            [0.9, 0.99, 0.999, 0.9999].map(|q| axis.place(q)).windows(2).map(|w| w[1] - w[0]).collect();
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-6), "{steps:?}");
        assert_eq!(labels(&axis).last().map(String::as_str), Some("99.99 %"));
    }

    #[test]
    fn one_value_or_none_still_makes_an_axis() {
        for values in [vec![], vec![5.0], vec![0.0], vec![f64::NAN]] {
            let place = Axis::log(values.iter().copied(), "", nanoseconds).place(5.0);
            assert!((0.0..=1.0).contains(&place), "{values:?}: {place}");
            assert!(Axis::linear(values.into_iter(), "", nanoseconds).place(0.0).is_finite());
        }
    }
}
