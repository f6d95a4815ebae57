/// What a tenant's plugins may use of the server: policy, secrets, the log of their requests.
@NullMarked
package dev.cloister.sandbox.services;

import org.jspecify.annotations.NullMarked;
