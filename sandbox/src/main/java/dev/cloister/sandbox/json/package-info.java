/// JSON as the server reads and writes it: strictly in, without null members out.
@NullMarked
package dev.cloister.sandbox.json;

import org.jspecify.annotations.NullMarked;
