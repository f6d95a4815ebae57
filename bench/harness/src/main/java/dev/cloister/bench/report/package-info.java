/// From samples to tables.
@NullMarked
package dev.cloister.bench.report;

import org.jspecify.annotations.NullMarked;
