/// The instruction table and the cursor that reads a function body.
@NullMarked
package dev.cloister.engine.bytecode;

import org.jspecify.annotations.NullMarked;
