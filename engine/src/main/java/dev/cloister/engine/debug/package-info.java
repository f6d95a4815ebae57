/// Debugging of one isolate, which others on the same modules do not notice.
///
/// A [dev.cloister.engine.debug.Debugger] moves the instances of its isolate to debuggable code,
/// holds guests at breakpoints and steps, and shows and changes what they have.
@NullMarked
package dev.cloister.engine.debug;

import org.jspecify.annotations.NullMarked;
