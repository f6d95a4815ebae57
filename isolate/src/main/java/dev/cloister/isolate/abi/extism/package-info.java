/// Extism plug-ins: bytes in, bytes out, over blocks of memory that belong to the host.
///
/// Source: Extism's kernel and reference runtime (`kernel/src/lib.rs`, `runtime/src/plugin.rs`,
/// `runtime/src/pdk.rs`), which say what each function of `extism:host/env` does.
@NullMarked
package dev.cloister.isolate.abi.extism;

import org.jspecify.annotations.NullMarked;
