/// Hand-written doubles and helpers of the isolate's tests.
@NullMarked
package dev.cloister.isolate.fake;

import org.jspecify.annotations.NullMarked;
