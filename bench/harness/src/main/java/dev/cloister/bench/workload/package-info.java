/// What is measured: programs, how large, and what they must compute.
@NullMarked
package dev.cloister.bench.workload;

import org.jspecify.annotations.NullMarked;
