/// Instances of plugins at run time: how they are made, kept for further calls, and let go.
@NullMarked
package dev.cloister.isolate.instance;

import org.jspecify.annotations.NullMarked;
