//! `docs/formats/qr.md` says of every preset what the code says.

use cofferdam_transport::schedule::{Mode, Preset, characters};

#[test]
fn the_table_of_presets_is_that_of_the_code() {
    let document = include_str!("../../../docs/formats/qr.md");
    for preset in Preset::ALL {
        let settings = preset.settings();
        let row = document
            .lines()
            .find(|line| line.starts_with(&format!("| `{preset}` |")))
            .unwrap_or_else(|| panic!("no row for {preset}"));
        let cells: Vec<_> = row.split('|').map(str::trim).skip(3).take(5).collect();
        let version = settings.version;
        let expected = [
            format!("{} ({})", version.number(), version.modules()),
            characters(version, Mode::Alphanumeric).to_string(),
            settings.densest.number().to_string(),
            settings.millis.to_string(),
            settings.fastest.to_string(),
        ];
        assert_eq!(cells, expected, "{preset}");
    }
}
