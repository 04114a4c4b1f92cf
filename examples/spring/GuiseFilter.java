package com.example.shop;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URL;
import java.text.ParseException;
import java.util.Set;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * An invalid token stops the request, also where the app would know the user by itself.
 *
 * <p>The attribute "guise" holds the claims: getSubject() is whom to show the page for; getJSONObjectClaim("act"), only
 * while impersonating, is who is really there. Without the attribute Guise says nothing.
 */
public final class GuiseFilter extends OncePerRequestFilter {
  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

  public GuiseFilter(URL jwks, String audience, String issuer) {
    // Kept for five minutes, and fetched again for a key that is not known, at most twice in thirty seconds.
    var keys = JWKSourceBuilder.create(jwks).build();
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.ES256, keys));
    var exact = new JWTClaimsSet.Builder().issuer(issuer).build();
    var claims = new DefaultJWTClaimsVerifier<SecurityContext>(audience, exact, Set.of("sub", "exp"));
    claims.setMaxClockSkew(5);
    processor.setJWTClaimsSetVerifier(claims);
  }

  @Override
  protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    var token = request.getHeader("X-Guise-Assertion");
    if (token != null) {
      try {
        request.setAttribute("guise", processor.process(token, null));
      } catch (ParseException | BadJOSEException refused) {
        response.sendError(401, "This token is not good.");
        return;
      } catch (JOSEException keysMissing) {
        response.sendError(503, "The keys are not there.");
        return;
      }
    }
    chain.doFilter(request, response);
  }
}
