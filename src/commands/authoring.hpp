// Texts of new revisions: what the core renders, with what only the server knows.
#pragma once

#include <optional>
#include <string>

#include "core/template.hpp"

namespace headway::server {

// A file that registers a new revision; `id` or a fresh one of 12 hexadecimal digits.
std::string WriteTemplate(const core::TemplateCall& call, const std::optional<std::string>& id);
std::string WriteMerge(const std::string& heads, const std::optional<std::string>& message,
                       const std::optional<std::string>& id);

}  // namespace headway::server
