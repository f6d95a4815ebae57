/// The side-by-side benchmark: starts one worker process for each engine and workload, lets them
/// run in turn, and prints one table. Nothing here is part of the product.
@NullMarked
package dev.cloister.bench;

import org.jspecify.annotations.NullMarked;
