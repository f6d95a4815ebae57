/// The import module `cloister`: the services of the host for any module with a linear memory.
///
/// `docs/host-interface.md` describes it for authors of plugins.
@NullMarked
package dev.cloister.isolate.imports;

import org.jspecify.annotations.NullMarked;
