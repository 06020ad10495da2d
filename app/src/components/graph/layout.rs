//! Where each step of a graph stands and how its edges run: columns by what is needed, rows by the neighbours.
//!
//! Layered drawing in four passes: needs that follow from other needs are left out, a step stands one column right of
//! its latest need, long edges get a lane of their own in the columns between, and rows are moved to the middle of
//! their neighbours while order and distance are kept.

/// One step as the layout sees it: the indices of the steps it needs, each smaller than its own.
pub type Needs = Vec<Vec<usize>>;

/// The drawing in units of its view box.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Top left corner of each step's box.
    pub boxes: Vec<(f64, f64)>,
    pub edges: Vec<Edge>,
    pub width: f64,
    pub height: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// An SVG path.
    pub path: String,
}

pub const BOX_WIDTH: f64 = 166.0;
pub const BOX_HEIGHT: f64 = 50.0;
const COLUMN: f64 = 204.0;
const ROW: f64 = 68.0;
/// Distance of a lane from what is next to it, in rows.
const LANE: f64 = 0.6;
const MARGIN: f64 = 2.0;

/// A place in a column: a step's box, or the lane of an edge that passes.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    step: Option<usize>,
    row: f64,
}

/// Draws steps that are given in an order in which everything needed comes before.
pub fn layout(needs: &Needs) -> Layout {
    let needs = reduced(needs);
    let column = columns(&needs);
    let width = column.iter().max().map_or(0, |last| last + 1);
    // Places by column; each edge is the chain of its places from column to column.
    let mut places: Vec<Vec<Place>> = vec![Vec::new(); width];
    let mut at = vec![0; needs.len()];
    for (step, column) in column.iter().enumerate() {
        at[step] = places[*column].len();
        places[*column].push(Place { step: Some(step), row: 0.0 });
    }
    let mut chains = Vec::new();
    for (to, needed) in needs.iter().enumerate() {
        for &from in needed {
            let mut chain = vec![(column[from], at[from])];
            for (between, lanes) in places.iter_mut().enumerate().take(column[to]).skip(column[from] + 1) {
                chain.push((between, lanes.len()));
                lanes.push(Place { step: None, row: 0.0 });
            }
            chain.push((column[to], at[to]));
            chains.push((from, to, chain));
        }
    }
    settle(&mut places, &chains);
    drawn(needs.len(), &places, &chains)
}

/// Without needs that follow from other needs.
fn reduced(needs: &Needs) -> Needs {
    let mut above: Vec<Vec<bool>> = Vec::with_capacity(needs.len());
    let mut kept = Vec::with_capacity(needs.len());
    for needed in needs {
        let direct: Vec<usize> = needed.iter().copied().filter(|need| *need < above.len()).collect();
        let implied = |need: usize| direct.iter().any(|other| *other != need && above[*other][need]);
        kept.push(direct.iter().copied().filter(|need| !implied(*need)).collect());
        let mut reach = vec![false; needs.len()];
        for need in &direct {
            reach[*need] = true;
            for (seen, far) in reach.iter_mut().zip(&above[*need]) {
                *seen |= far;
            }
        }
        above.push(reach);
    }
    kept
}

fn columns(needs: &Needs) -> Vec<usize> {
    let mut column = vec![0; needs.len()];
    for (step, needed) in needs.iter().enumerate() {
        column[step] = needed.iter().map(|need| column[*need] + 1).max().unwrap_or(0);
    }
    column
}

type Chain = (usize, usize, Vec<(usize, usize)>);

/// Orders and moves the places of each column towards the middle of their neighbours, from left, from right, and again.
fn settle(places: &mut [Vec<Place>], chains: &[Chain]) {
    let mut left: Vec<Vec<Vec<(usize, usize)>>> = places.iter().map(|column| vec![Vec::new(); column.len()]).collect();
    let mut right = left.clone();
    for (_, _, chain) in chains {
        for pair in chain.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            right[a.0][a.1].push(b);
            left[b.0][b.1].push(a);
        }
    }
    for column in places.iter_mut() {
        let count = column.len();
        for (index, place) in column.iter_mut().enumerate() {
            place.row = index as f64 - count as f64 / 2.0;
        }
    }
    for round in 0..12 {
        let forward = round % 2 == 0;
        let order: Vec<usize> = if forward { (0..places.len()).collect() } else { (0..places.len()).rev().collect() };
        for column in order {
            let sides: &[&Vec<Vec<(usize, usize)>>] = if round >= 10 {
                &[&left[column], &right[column]]
            } else if forward {
                &[&left[column]]
            } else {
                &[&right[column]]
            };
            let wanted: Vec<f64> = (0..places[column].len())
                .map(|index| {
                    let near: Vec<f64> =
                        sides.iter().flat_map(|side| &side[index]).map(|(c, i)| places[*c][*i].row).collect();
                    middle(near).unwrap_or(places[column][index].row)
                })
                .collect();
            let rows = spread(&places[column], &wanted);
            for (place, row) in places[column].iter_mut().zip(rows) {
                place.row = row;
            }
        }
    }
    let top = places.iter().flatten().map(|place| place.row).fold(f64::INFINITY, f64::min);
    for place in places.iter_mut().flatten() {
        place.row = ((place.row - top) * 4.0).round() / 4.0;
    }
}

fn middle(mut rows: Vec<f64>) -> Option<f64> {
    rows.sort_by(f64::total_cmp);
    let half = rows.len() / 2;
    match rows.len() {
        0 => None,
        length if length % 2 == 1 => Some(rows[half]),
        _ => Some((rows[half - 1] + rows[half]) / 2.0),
    }
}

/// The wanted rows in their order, moved apart as little as keeps the distances: blocks that would overlap share the
/// middle of what they want.
fn spread(column: &[Place], wanted: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]).then(column[*a].row.total_cmp(&column[*b].row)));
    let apart = |a: usize, b: usize| match (column[a].step, column[b].step) {
        (Some(_), Some(_)) => 1.0,
        _ => LANE,
    };
    // Offsets from the first of the column, then each block's start by the mean of what its members want.
    let mut offset = vec![0.0; order.len()];
    for index in 1..order.len() {
        offset[index] = offset[index - 1] + apart(order[index - 1], order[index]);
    }
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new(); // sum of wanted starts, weight, members
    for (index, place) in order.iter().enumerate() {
        let weight = if column[*place].step.is_some() { 1.0 } else { 0.5 };
        let mut block = ((wanted[*place] - offset[index]) * weight, weight, 1);
        while let Some(last) = blocks.pop() {
            if last.0 / last.1 <= block.0 / block.1 {
                blocks.push(last);
                break;
            }
            block = (last.0 + block.0, last.1 + block.1, last.2 + block.2);
        }
        blocks.push(block);
    }
    let mut rows = vec![0.0; column.len()];
    let mut index = 0;
    for (sum, weight, members) in blocks {
        for _ in 0..members {
            rows[order[index]] = sum / weight + offset[index];
            index += 1;
        }
    }
    rows
}

fn drawn(steps: usize, places: &[Vec<Place>], chains: &[Chain]) -> Layout {
    let x = |column: usize| MARGIN + column as f64 * COLUMN;
    let y = |place: &Place| 10.0 + place.row * ROW;
    let mut boxes = vec![(0.0, 0.0); steps];
    let mut lowest: f64 = 0.0;
    for (column, row) in places.iter().enumerate() {
        for place in row {
            lowest = lowest.max(y(place));
            if let Some(step) = place.step {
                boxes[step] = (x(column), y(place));
            }
        }
    }
    let edges = chains
        .iter()
        .map(|(from, to, chain)| {
            let points: Vec<(f64, f64)> =
                chain.iter().map(|(c, i)| (x(*c), y(&places[*c][*i]) + BOX_HEIGHT / 2.0)).collect();
            Edge { from: *from, to: *to, path: path(&points) }
        })
        .collect();
    let width = places.len() as f64 * COLUMN - (COLUMN - BOX_WIDTH) + 2.0 * MARGIN;
    Layout { boxes, edges, width, height: lowest + BOX_HEIGHT + 10.0 }
}

/// From the right side of the first place through the lanes to the left side of the last, with round corners.
fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, pair) in points.windows(2).enumerate() {
        let [(x1, y1), (x2, y2)] = [pair[0], pair[1]];
        let start = x1 + BOX_WIDTH;
        let end = if index + 2 == points.len() { x2 - 1.0 } else { x2 + BOX_WIDTH };
        if index == 0 {
            path.push_str(&format!("M{start} {y1}"));
        }
        let drop = y2 - y1;
        if drop.abs() < 1.0 {
            path.push_str(&format!("H{end}"));
            continue;
        }
        let bend = start + (COLUMN - BOX_WIDTH) / 2.0 - 1.0;
        let r = (drop.abs() / 2.0).min(8.0);
        let down = r * drop.signum();
        path.push_str(&format!(
            "H{}Q{bend} {y1} {bend} {}V{}Q{bend} {y2} {} {y2}H{end}",
            bend - r,
            y1 + down,
            y2 - down,
            bend + r
        ));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Resource group; workspace, cluster, vault; identity, two roles; secrets; insights, web app; checks.
    fn provision() -> Needs {
        vec![
            vec![],
            vec![0],
            vec![0],
            vec![0],
            vec![2],
            vec![3],
            vec![3],
            vec![4, 3],
            vec![5],
            vec![1, 2, 7],
            vec![7, 8, 2],
            vec![9, 10],
        ]
    }

    fn overlap(a: (f64, f64), b: (f64, f64)) -> bool {
        (a.0 - b.0).abs() < BOX_WIDTH && (a.1 - b.1).abs() < BOX_HEIGHT
    }

    #[test]
    fn no_two_steps_stand_on_each_other() {
        let drawing = layout(&provision());
        for (index, a) in drawing.boxes.iter().enumerate() {
            for b in &drawing.boxes[index + 1..] {
                assert!(!overlap(*a, *b), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn what_is_needed_stands_to_the_left() {
        let drawing = layout(&provision());
        for edge in &drawing.edges {
            assert!(drawing.boxes[edge.from].0 < drawing.boxes[edge.to].0, "{edge:?}");
        }
    }

    #[test]
    fn a_need_that_follows_from_another_is_not_drawn() {
        let drawing = layout(&provision());
        // The web app needs the cluster, but so does the role of the app that it also needs.
        assert!(!drawing.edges.iter().any(|edge| (edge.from, edge.to) == (2, 10)));
        assert!(drawing.edges.iter().any(|edge| (edge.from, edge.to) == (7, 10)));
    }

    /// The straight pieces of an edge, from corner to corner; the round corners lie within them.
    fn pieces(path: &str) -> Vec<((f64, f64), (f64, f64))> {
        let mut pieces = Vec::new();
        let mut at = (0.0, 0.0);
        let starts: Vec<usize> = path.match_indices(char::is_alphabetic).map(|(start, _)| start).collect();
        let ends = starts.iter().skip(1).copied().chain([path.len()]);
        for (start, end) in starts.iter().zip(ends) {
            let command = &path[*start..end];
            let numbers: Vec<f64> = command[1..].split(' ').map(|number| number.parse().expect("a number")).collect();
            let to = match &command[..1] {
                "M" => {
                    at = (numbers[0], numbers[1]);
                    continue;
                }
                "H" => (numbers[0], at.1),
                "V" => (at.0, numbers[0]),
                _ => (numbers[2], numbers[3]),
            };
            pieces.push((at, to));
            at = to;
        }
        pieces
    }

    #[test]
    fn an_edge_runs_through_no_box_but_its_own() {
        let mut graphs = vec![provision()];
        // And a few hundred others, in which each step needs at most two of those before it.
        for seed in 0..400_usize {
            let needs = |step: usize| {
                let mut needed = vec![(seed * 31 + step * 17) % step.max(1), (seed / 7 + step * 5) % step.max(1)];
                needed.dedup();
                needed.retain(|need| *need < step);
                needed
            };
            graphs.push((0..9).map(needs).collect());
        }
        for needs in graphs {
            let drawing = layout(&needs);
            for edge in &drawing.edges {
                for (step, (x, y)) in drawing.boxes.iter().enumerate() {
                    if step == edge.from || step == edge.to {
                        continue;
                    }
                    for ((x1, y1), (x2, y2)) in pieces(&edge.path) {
                        let beside = x1.max(x2) <= *x || x1.min(x2) >= x + BOX_WIDTH;
                        let above_or_below = y1.max(y2) <= *y || y1.min(y2) >= y + BOX_HEIGHT;
                        assert!(beside || above_or_below, "{edge:?} runs through {step} at {x} {y} of {needs:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn everything_is_inside_the_drawing() {
        for needs in [vec![], vec![vec![]], provision()] {
            let drawing = layout(&needs);
            for (x, y) in &drawing.boxes {
                assert!(*x >= 0.0 && *y >= 0.0 && x + BOX_WIDTH <= drawing.width && y + BOX_HEIGHT <= drawing.height);
            }
        }
    }

    #[test]
    fn a_need_out_of_order_is_no_reason_to_fail() {
        assert_eq!(layout(&vec![vec![1], vec![]]).boxes.len(), 2);
    }
}
