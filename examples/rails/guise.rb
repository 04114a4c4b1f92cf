# frozen_string_literal: true

require "json"
require "jwt"
require "net/http"

# Rack middleware. An invalid token stops the request, also where the app would know the user by itself.
#
# env["guise"]["sub"] is whom to show the page for; env["guise"]["act"]["sub"], only while impersonating, is who is really
# there. env["guise"] is nil where Guise says nothing.
class Guise
  Refused = Class.new(StandardError)

  def initialize(app, jwks:, audience:, issuer: "guise")
    @app = app
    @jwks = URI(jwks)
    @rules = { algorithms: ["ES256"], iss: issuer, verify_iss: true, aud: audience, verify_aud: true,
               required_claims: %w[sub exp], leeway: 5 }
    @keys = {}
    @fetched = -Float::INFINITY
  end

  def call(env)
    token = env["HTTP_X_GUISE_ASSERTION"]
    env["guise"] = token && verify(token)
    @app.call(env)
  rescue Refused
    [401, { "content-type" => "text/plain" }, ["This token is not good."]]
  end

  private

  def verify(token)
    JWT.decode(token, nil, true, @rules) { |header| key(header["kid"]) }.first
  rescue JWT::DecodeError, NoMethodError, TypeError # The last two: a head or a body that is JSON and no object.
    raise Refused
  end

  def key(kid)
    now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    # Four minutes: Guise shows a new key five minutes before it signs with it. Thirty seconds: nobody can make us ask often.
    if now - @fetched > (@keys.key?(kid) ? 240 : 30)
      @keys = fetch
      @fetched = now
    end
    @keys.fetch(kid) { raise Refused }
  end

  # What can't be fetched is raised: the app answers 500 and shows nobody's page.
  def fetch
    answer = Net::HTTP.start(@jwks.host, @jwks.port, use_ssl: @jwks.scheme == "https", open_timeout: 5, read_timeout: 5) do |http|
      http.get(@jwks.request_uri)
    end
    JSON.parse(answer.body, symbolize_names: true).fetch(:keys).to_h { |it| [it[:kid], JWT::JWK.import(it).keypair] }
  end
end
