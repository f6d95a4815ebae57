/// WASI preview 1 over a virtual file system.
///
/// Source: WebAssembly/WASI, `legacy/preview1/docs.md` and `witx/wasi_snapshot_preview1.witx`. One
/// class holds one group of functions; `WasiFunction` is the table of all of them. A guest reaches
/// nothing through this package but what its [dev.cloister.isolate.wasi.WasiConfig] hands it.
@NullMarked
package dev.cloister.isolate.wasi;

import org.jspecify.annotations.NullMarked;
