/// What a tenant makes the server hold, in bytes, charged before it is allocated.
@NullMarked
package dev.cloister.isolate.heap;

import org.jspecify.annotations.NullMarked;
