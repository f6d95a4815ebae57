/// HTTP requests of guests: where they may go, which addresses are never reached, and the client.
@NullMarked
package dev.cloister.isolate.egress;

import org.jspecify.annotations.NullMarked;
