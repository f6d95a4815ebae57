/// What a guest may use of its host: values, secrets, a key-value store, HTTP, a log.
///
/// Here are the interfaces, for every plugin ABI alike; whoever embeds isolates implements them.
@NullMarked
package dev.cloister.isolate.host;

import org.jspecify.annotations.NullMarked;
