package dev.cloister.sandbox.registry;

import dev.cloister.sandbox.storage.VersionRecord;
import java.util.List;

/// What an upload made, or found to exist already.
///
/// @param version the version
/// @param moduleInterface its imports and exports
/// @param unresolvedImports the imports that this server does not provide, as `module.name`
/// @param signedBy the ids of the keys that signed it
/// @param capabilities what it needs and has
/// @param isPending whether it waits for the operator's approval
/// @param isCreated whether the plugin did not have this version before
/// @param isLive whether calls use it now
public record UploadedVersion(
    VersionRecord version,
    ModuleInterface moduleInterface,
    List<String> unresolvedImports,
    List<String> signedBy,
    CapabilityCheck capabilities,
    boolean isPending,
    boolean isCreated,
    boolean isLive) {}
