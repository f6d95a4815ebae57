/// The HTTP interface: the table of routes and one class per subject behind it.
///
/// `Routes` is the whole interface on one page. Requests arrive on event loops, which admit calls
/// and move bytes; whatever blocks (storage, changes of state) runs on virtual threads, decoding of
/// uploads on a bounded pool.
@NullMarked
package dev.cloister.sandbox.http;

import org.jspecify.annotations.NullMarked;
