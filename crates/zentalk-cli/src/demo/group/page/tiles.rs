//! Who saw and heard whom.

use crate::demo::group::cast::Person;
use crate::demo::group::evidence::Evidence;
use crate::demo::group::tiles::Tile;
use crate::demo::report::picture;
use crate::pictures::to_png;

/// A row for each who looks, a column for each who is seen.
pub(super) fn section(evidence: &Evidence, tiles: &[Tile]) -> String {
    let cast = evidence.cast;
    let heads: String = cast.everybody().map(|person| format!("<th>{person}</th>")).collect();
    let cell = |by: Person, from: Person| match tiles.iter().find(|t| t.by == by && t.from == from)
    {
        Some(tile) => format!("<td>{}</td>", tile_cell(tile)),
        None => "<td></td>".to_owned(),
    };
    let row = |by: Person| {
        let cells: String = cast.everybody().map(|from| cell(by, from)).collect();
        format!("<tr><th scope=\"row\">{by}<br><small>received</small></th>{cells}</tr>")
    };
    let rows: String = cast.everybody().map(row).collect();
    format!(
        "<h2>Who saw and heard whom</h2><p><small>A row is what one person received of each other one: a picture as it was decoded, \
         with its sender's colours and the number that was burned into it; how many pictures were recognised as that sender's, and how \
         alike they are to what was sent (PSNR); seconds of that sender's own voice, with the median correlation. {} left after three \
         quarters of the call, {} came after one.</small></p>\
         <table class=\"tiles\"><tr><td></td>{heads}</tr>{rows}</table>",
        cast.leaver(),
        cast.latecomer()
    )
}

fn tile_cell(tile: &Tile) -> String {
    let image = tile.film.sample.as_ref().and_then(|sample| to_png(&sample.received).ok());
    let image = image.map_or_else(String::new, |png| picture(&png, &tile.from.to_string()));
    format!(
        "{image}<small>{} pictures, {:.0} dB<br>{} s of voice, {:.2}</small>",
        tile.film.identified, tile.film.median_psnr, tile.voice.alike, tile.voice.median
    )
}
