/// The process that runs guests in one engine, as the harness tells it to.
@NullMarked
package dev.cloister.bench.worker;

import org.jspecify.annotations.NullMarked;
