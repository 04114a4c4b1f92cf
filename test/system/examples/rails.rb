# Runs the middleware without Rails: {"jwks", "audience", "tokens"} comes in, {name: [status, sub, by]} goes out.
require "json"
require File.join(ARGV.fetch(0), "guise")

asked = JSON.parse($stdin.read)
page = lambda do |env|
  claims = env["guise"] || { "sub" => "session" }
  [200, {}, [claims["sub"], claims.dig("act", "sub")]]
end
app = Guise.new(page, jwks: asked["jwks"], audience: asked["audience"])
said = asked["tokens"].to_h do |name, token|
  status, _, body = begin
    app.call(token.nil? ? {} : { "HTTP_X_GUISE_ASSERTION" => token })
  rescue SystemCallError
    [500, {}, []]
  end
  [name, [status, *(status == 200 ? body : [nil, nil])]]
end
puts JSON.generate(said)
