package dev.cloister.sandbox.registry;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An import or an export as people and their tools see it.
///
/// @param module the module of an import
/// @param name its name
/// @param kind `function`, `table`, `memory`, `global` or `tag`
/// @param params the parameter types of a function
/// @param results the result types of a function
/// @param type the type of everything else, as text
@JsonInclude(JsonInclude.Include.NON_NULL)
public record InterfaceItem(
    @Nullable String module,
    String name,
    String kind,
    @Nullable List<String> params,
    @Nullable List<String> results,
    @Nullable String type) {}
