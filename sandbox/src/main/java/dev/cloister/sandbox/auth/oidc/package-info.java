/// Signed tokens of an issuer that the operator trusts; the only users of Nimbus JOSE + JWT.
@NullMarked
package dev.cloister.sandbox.auth.oidc;

import org.jspecify.annotations.NullMarked;
