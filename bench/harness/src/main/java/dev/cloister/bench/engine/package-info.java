/// The engines that are compared, and the processes that they run in.
@NullMarked
package dev.cloister.bench.engine;

import org.jspecify.annotations.NullMarked;
