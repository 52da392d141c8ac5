// How requests name their sender: the User-Agent header.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>

namespace dynamodb {

constexpr std::size_t kMaxApplicationId = 50;  ///< bytes that AWS takes of an application's name

/// "dynamodb_fdw/1.1.0 HOST libcurl/7.88.1 app/NAME": products as HTTP has them (RFC 9110, section 10.1.5), and the
/// name of the application as AWS's SDKs send it (AWS SDKs and Tools Reference Guide, "Application ID"). `host`:
/// "Product/Version" of the program that this library is part of; empty: left out. `application`: as application_id()
/// makes it; empty: left out.
std::string user_agent(std::string_view host, std::string_view application);

/// `text` fit for user_agent(): each byte that AWS does not allow (all but letters, digits and !#$%&'*+-.^_`|~) becomes
/// '-', and what is beyond kMaxApplicationId is left out.
std::string application_id(std::string_view text);

}  // namespace dynamodb
