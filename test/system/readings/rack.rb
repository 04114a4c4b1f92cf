# frozen_string_literal: true

# What Rack, and so Rails, says under `do`, wherever an app asks for it. `ruby rack.rb PORT` says `ready` once it listens.
require "json"
require "rack"
require "rack/handler/webrick"

def texts(value)
  case value
  when Hash then value.values.flat_map { |it| texts(it) }
  when Array then value.flat_map { |it| texts(it) }
  when String then [value.dup.force_encoding("UTF-8").scrub]
  else []
  end
end

APP = lambda do |env|
  request = Rack::Request.new(env)
  said = [-> { request.GET["do"] }, -> { request.POST["do"] }, -> { request.params["do"] }].flat_map do |ask|
    texts(ask.call)
  rescue StandardError
    [] # The app would answer 400.
  end
  [200, { "content-type" => "application/json" }, [JSON.generate(said)]]
end

quiet = { AccessLog: [], Logger: WEBrick::Log.new(File::NULL) }
ready = -> { puts "ready"; $stdout.flush }
Rack::Handler::WEBrick.run(APP, Host: "127.0.0.1", Port: ARGV[0].to_i, StartCallback: ready, **quiet)
