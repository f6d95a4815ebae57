/// The Debug Adapter Protocol: what editors and the console debug a tenant's guests with.
@NullMarked
package dev.cloister.sandbox.dap;

import org.jspecify.annotations.NullMarked;
