/// What happens in an engine, told to whoever wants to know: events for metrics and traces.
@NullMarked
package dev.cloister.engine.stats;

import org.jspecify.annotations.NullMarked;
