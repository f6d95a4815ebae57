/// Calls of a tenant: admission, the guest threads, deadlines, results.
///
/// Admission runs on the caller's event loop and touches atomic counters and one short lock; guests
/// run on the platform threads of the `GuestExecutor` and nowhere else.
@NullMarked
package dev.cloister.isolate.verticle;

import org.jspecify.annotations.NullMarked;
