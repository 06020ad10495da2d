//! Takes over in the browser what of a page lives on: its islands, its times, its keys.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's start module, after the WebAssembly is there.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::hydrate();
}
