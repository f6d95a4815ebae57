/// Compiled code that outlives the process: archives of class files, authenticated, one for each
/// module and setting of the engine. The format is in `docs/CODE-ARCHIVE.md`.
@NullMarked
package dev.cloister.engine.persist;

import org.jspecify.annotations.NullMarked;
