/// What the server counts, and how it shows it to Prometheus.
@NullMarked
package dev.cloister.sandbox.stats;

import org.jspecify.annotations.NullMarked;
