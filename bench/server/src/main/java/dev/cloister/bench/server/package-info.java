/// The server under load over HTTP, in processes of their own: what a call costs, and what tenants
/// notice of each other.
@NullMarked
package dev.cloister.bench.server;

import org.jspecify.annotations.NullMarked;
