/// A tenant's hold on compiled modules: streaming uploads, loads, reference counts.
@NullMarked
package dev.cloister.isolate.plugin;

import org.jspecify.annotations.NullMarked;
