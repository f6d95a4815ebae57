/// Signatures of uploaded modules: who signed what, and whom a tenant trusts.
@NullMarked
package dev.cloister.sandbox.signature;

import org.jspecify.annotations.NullMarked;
